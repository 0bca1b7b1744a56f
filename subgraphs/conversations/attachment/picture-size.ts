import { imageSize } from 'image-size';
import { badInput } from '#core/error';

/** More than any camera makes; what is larger is made to fill the memory of whoever opens it. */
const MAX_PIXELS = 120_000_000;

/**
 * How large a picture is, as its header says, the right way up.
 * @param head The beginning of the file.
 * @returns null where that does not say.
 * @throws ParleyError `BAD_USER_INPUT` where it is too large to be opened.
 */
export function pictureSize(head: Uint8Array): { width: number; height: number } | null {
  const size = read(head);
  if (!size) return null;
  const { width, height, orientation = 1 } = size;
  if (width * height > MAX_PIXELS) {
    throw badInput(
      'file',
      `A picture has at most ${MAX_PIXELS / 1_000_000} million pixels, this one ${width} x ${height}.`,
    );
  }
  // EXIF: from 5 on it lies on its side.
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

function read(head: Uint8Array) {
  try {
    const { width, height, orientation } = imageSize(head);
    return Number.isSafeInteger(width) && Number.isSafeInteger(height) ? { width, height, orientation } : null;
  } catch {
    return null;
  }
}
