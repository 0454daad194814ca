"""Which model made the vectors of an index."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class ModelFingerprint:
    """What decides an embedding: two models of one fingerprint give the same vectors.

    Args:
        config_sha256: hash of the parts of the config that decide an embedding.
        weights_sha256: hash of the weights, whatever file they came from.
        width: length of an embedding.
        pir_mm: version of the package. Only its first two numbers count, as a third one promises
            the same vectors.
    """

    config_sha256: str
    weights_sha256: str
    width: int
    pir_mm: str

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not field.type:
                raise ValueError(
                    f'{field.name} of a model fingerprint must be {field.type.__name__}, '
                    f'got {value!r}'
                )

    def differences(self, other: 'ModelFingerprint') -> list[str]:
        """What differs, in words: empty if vectors of both may be compared."""
        found = []
        for name, title in (('config_sha256', 'config'), ('weights_sha256', 'weights')):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                found.append(f'{title} (sha256 {mine[:12]} against {theirs[:12]})')
        if self.width != other.width:
            found.append(f'embedding width ({self.width} against {other.width})')
        if self.pir_mm.split('.')[:2] != other.pir_mm.split('.')[:2]:
            found.append(f'version of pir_mm ({self.pir_mm} against {other.pir_mm})')
        return found
