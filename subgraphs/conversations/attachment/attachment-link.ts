import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { hasThumbnail } from './file-kind.ts';

/** Addresses change this often, in seconds, so that a browser can keep what it has; each holds once to twice as long. */
const STEP_SECONDS = 900;

export interface Link {
  expires: string;
  signature: string;
}

/** Addresses of files that need no credential, for a short time: pictures on a page cannot show any. */
export class AttachmentLinks {
  private readonly key: Buffer;

  /**
   * @param internalSecret The secret that all processes share, base64url.
   * @param base Where clients reach the server; empty for addresses that are relative to it.
   */
  constructor(
    internalSecret: string,
    private readonly base: string,
    private readonly now: () => number = Date.now,
  ) {
    this.key = Buffer.from(
      hkdfSync('sha256', Buffer.from(internalSecret, 'base64url'), '', 'parley attachment links', 32),
    );
  }

  urlOf(id: string, thumbnail: boolean): string {
    const expires = String((Math.ceil(this.now() / 1_000 / STEP_SECONDS) + 1) * STEP_SECONDS);
    const signature = this.sign(id, thumbnail, expires);
    return `${this.base}/attachments/${id}${thumbnail ? '/thumbnail' : ''}?expires=${expires}&signature=${signature}`;
  }

  holds(id: string, thumbnail: boolean, { expires, signature }: Link): boolean {
    const expected = Buffer.from(this.sign(id, thumbnail, expires));
    const given = Buffer.from(signature);
    const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
    return isOurs && Number(expires) * 1_000 > this.now();
  }

  private sign(id: string, thumbnail: boolean, expires: string): string {
    const what = [id, thumbnail ? 'thumbnail' : 'file', expires].join('\n');
    return createHmac('sha256', this.key).update(what).digest('base64url');
  }
}

/** Where a file can be had without a credential, for a while. */
export const addressesOf = ({ id, mimeType }: { id: string; mimeType: string }, links: AttachmentLinks) => ({
  url: links.urlOf(id, false),
  thumbnailUrl: hasThumbnail(mimeType) ? links.urlOf(id, true) : null,
});
