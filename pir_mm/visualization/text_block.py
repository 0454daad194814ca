"""Text that stays inside its box: measured, wrapped, and cut with an ellipsis."""

from PIL import ImageDraw, ImageFont

from pir_mm.visualization.typefaces import face_for

ELLIPSIS = '…'


def shorten(text: str, face: ImageFont.FreeTypeFont, width: float, keep_end: int = 0) -> str:
    """Cut ``text`` to ``width`` pixels, an ellipsis in place of what is left out.

    Args:
        keep_end: characters at the end that stay, where the end tells texts apart.
    """
    if face.getlength(text) <= width:
        return text
    end = text[len(text) - keep_end :]
    low, high = 0, max(len(text) - keep_end, 0)
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(text[:middle].rstrip() + ELLIPSIS + end) <= width:
            low = middle
        else:
            high = middle - 1
    cut = text[:low].rstrip() + ELLIPSIS + end
    return cut if face.getlength(cut) <= width or not keep_end else shorten(text, face, width)


def wrap(text: str, face: ImageFont.FreeTypeFont, width: float, lines: int) -> list[str]:
    """Break ``text`` between words into at most ``lines`` lines of ``width`` pixels.

    A word wider than a line is broken inside. What does not fit ends in an ellipsis.
    """
    words, out = text.split(), []
    while words and len(out) < lines:
        line = words.pop(0)
        if face.getlength(line) > width:
            fits = next(n for n in range(len(line), 0, -1) if face.getlength(line[:n]) <= width)
            line, rest = line[:fits], line[fits:]
            words.insert(0, rest)
        else:
            while words and face.getlength(f'{line} {words[0]}') <= width:
                line += ' ' + words.pop(0)
        out.append(line)
    if words:
        out[-1] = shorten(f'{out[-1]} {" ".join(words)}', face, width)
    return out


def line_height(face: ImageFont.FreeTypeFont) -> int:
    return round(face.size * 1.4)


def draw_block(
    draw: ImageDraw.ImageDraw,
    box: tuple[int, int, int, int],
    text: str,
    face: ImageFont.FreeTypeFont,
    colour: str,
) -> None:
    """Write ``text`` from the top left corner of ``box`` (left, top, right, bottom), inside it."""
    left, top, right, bottom = box
    face = face_for(text, face)
    step = line_height(face)
    for number, line in enumerate(wrap(text, face, right - left, (bottom - top) // step)):
        draw.text((left, top + number * step), line, font=face, fill=colour)
