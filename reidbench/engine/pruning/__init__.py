"""How a method's scores become smaller networks: ranking, solving, cutting, strategies."""
