/** Where files are sent to. */
export const UPLOAD_PATH = '/uploads';
