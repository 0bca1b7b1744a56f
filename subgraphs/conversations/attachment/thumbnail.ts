import type Sharp from 'sharp';

/** The longer side, in pixels. */
const SIDE = 512;
const MAX_PIXELS = 120_000_000;
const SECONDS = 20;
/** Pictures that are opened at once: each can take a hundred megabytes. */
const AT_ONCE = 2;

export const THUMBNAIL_TYPE = 'image/webp';

let loading: Promise<typeof Sharp> | null = null;

/** Loaded with the first picture: a process that makes no thumbnails does not need the decoders. */
async function load(): Promise<typeof Sharp> {
  const { default: sharp } = await import('sharp');
  // Nothing but the formats that are taken, whatever the bytes claim to be.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

const LOADERS = ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'];

let running = 0;
const waiting: (() => void)[] = [];

/** A small WebP of a picture, the right way up, of the first frame. @throws Error where it cannot be opened */
export async function makeThumbnail(picture: Buffer): Promise<Buffer> {
  loading ??= load();
  const sharp = await loading;
  while (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await sharp(picture, { limitInputPixels: MAX_PIXELS, sequentialRead: true })
      .autoOrient()
      .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .timeout({ seconds: SECONDS })
      .toBuffer();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
