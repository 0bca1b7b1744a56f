/** A moment as the server writes it, in local time and in a form that sorts: 2026-01-31 23:59. */
export const localTime = (iso: string): string => new Date(iso).toLocaleString('sv-SE').slice(0, 16);
