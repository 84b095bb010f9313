"""Re-ranking by k-reciprocal encoding (Zhong et al. 2017), exactly, in sparse rows."""
