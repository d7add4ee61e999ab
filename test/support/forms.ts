/** A file of a form. */
export interface FormFile {
  readonly file: string;
  readonly content: string;
}

const isFile = (value: unknown): value is FormFile =>
  typeof value === 'object' && value !== null && 'file' in value && 'content' in value;

const boundary = 'boundary-of-the-form';

/** A form as the TypeScript SDK sends it: lists as JSON in one part, files as parts of the same name. */
export function formText(body: object): string {
  const part = (name: string, value: unknown): string =>
    isFile(value)
      ? `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${value.file}"\r\n` +
        `content-type: text/plain\r\n\r\n${value.content}\r\n`
      : `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n` +
        `${typeof value === 'string' ? value : JSON.stringify(value)}\r\n`;
  const parts = Object.entries(body).flatMap(([name, value]) =>
    Array.isArray(value) && value.some(isFile)
      ? value.map((item) => part(name, item))
      : [part(name, value)],
  );
  return `${parts.join('')}--${boundary}--\r\n`;
}

export const formType = `multipart/form-data; boundary=${boundary}`;

/** What `inject` sends as a form. */
export const asForm = (body: object) => ({
  payload: formText(body),
  headers: { 'content-type': formType },
});
