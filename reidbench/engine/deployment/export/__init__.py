"""A network as a file that other runtimes read: ONNX, torch.export, OpenVINO, or its weights."""

from reidbench.engine.deployment.export.formats import FORMATS, ExportError, Format
from reidbench.engine.deployment.export.writing import Exported, export

__all__ = ["FORMATS", "ExportError", "Exported", "Format", "export"]
