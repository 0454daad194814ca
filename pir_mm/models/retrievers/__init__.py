from pir_mm.models.retrievers.pir import PIR

__all__ = ['PIR']
