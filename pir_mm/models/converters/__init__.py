from pir_mm.models.converters.microsoft_swin import is_microsoft_swin, swin_to_mmpretrain

__all__ = ['is_microsoft_swin', 'swin_to_mmpretrain']
