"""The slow edge: sealing a PDF. Imported by the workers of other rooms."""


def seal(pdf: bytes, *, marker: str, reason: str, attachments: dict[str, bytes]) -> bytes:
    """The PDF with files attached and a PAdES seal over the whole of it, by the key in use.

    `marker` (the later ProvableFile's public id) is written into it in several places.
    """
    raise NotImplementedError
