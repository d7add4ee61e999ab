import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import type * as Busboy from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { formType, type SchemaObject } from '../../contract/document.js';
import type { UploadedFile } from '../../domain/requests/uploaded-file.js';
import { ApiError } from '../../errors.js';
import { maxLevels } from '../../json/checks.js';
import { readFormValues, type FormPart } from './form-values.js';
import { limitError, refuseUnusable } from './large-json.js';

/** Documented: a file has at most 50 MB, and there are at most 25 of them. A form has a few more here. */
const limits = {
  fileSize: 50 * 1024 * 1024,
  files: 100,
  fields: 1000,
  fieldNameSize: 200,
  fieldSize: 5 * 1024 * 1024,
  parts: 1000,
};

/** The most characters of all texts of a form. */
const maxText = 5 * 1024 * 1024;

/** Files up to this size are also kept as text until the request is answered. */
const maxKeptFile = 5 * 1024 * 1024;

/**
 * Reads forms with `@fastify/busboy`, the parser that `@fastify/multipart` has inside. It is loaded when the first
 * form arrives; the plugin would have to be registered at the start. Files are only hashed, and not kept.
 */
export function registerFormParser(app: FastifyInstance): void {
  app.addContentTypeParser(formType, (request, payload, done) => {
    const { form } = request.routeOptions.config;
    if (form === undefined) {
      request.bodyProblem = new ApiError(
        'unsupported_media_type',
        `The Content-Type is ${formType}.`,
      );
      done(null, undefined);
      return;
    }
    readForm(request, payload, form)
      .then((body) => {
        done(null, body);
      })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        request.bodyProblem = error;
        done(null, undefined);
      })
      .catch(done);
  });
}

async function readForm(
  request: FastifyRequest,
  payload: IncomingMessage,
  form: SchemaObject,
): Promise<Record<string, unknown>> {
  const parts = await readParts(request, payload);
  const body = readFormValues(parts, form);
  refuseUnusable(body, maxLevels);
  const { record, keepBody } = request;
  if (record) keepBody?.(record, JSON.stringify(body));
  return body;
}

/** The parts of a form in their order. @throws ApiError 400 or 413 */
function readParts(request: FastifyRequest, payload: IncomingMessage): Promise<FormPart[]> {
  const { Busboy: Parser } = createRequire(import.meta.url)('@fastify/busboy') as typeof Busboy;
  return new Promise((resolve, reject) => {
    let parser: Busboy.BusboyInstance;
    const fail = (error: unknown): void => {
      // The rest is discarded.
      payload.unpipe(parser);
      payload.resume();
      reject(error instanceof ApiError ? error : invalid(error));
    };
    try {
      parser = new Parser({
        headers: { ...request.headers, 'content-type': typeOf(request) },
        limits,
      });
    } catch (error) {
      reject(invalid(error));
      return;
    }
    const parts: Promise<FormPart>[] = [];
    let text = 0;
    parser.on('field', (name, value, nameTruncated, valueTruncated) => {
      text += value.length;
      if (nameTruncated || valueTruncated || text > maxText) fail(limitError('5 MB of text'));
      else parts.push(Promise.resolve([name, value]));
    });
    parser.on('file', (name, stream, filename, _encoding, contentType) => {
      const file = readFile(stream, filename, contentType);
      file.catch(fail);
      parts.push(file.then((value) => [name, value]));
    });
    for (const [event, limit] of tooMany) {
      parser.on(event, () => {
        fail(limitError(limit));
      });
    }
    parser.on('error', fail);
    payload.on('error', fail);
    parser.on('finish', () => {
      Promise.all(parts).then(resolve, fail);
    });
    payload.pipe(parser);
  });
}

const tooMany = [
  ['filesLimit', `${String(limits.files)} files`],
  ['fieldsLimit', `${String(limits.fields)} fields`],
  ['partsLimit', `${String(limits.parts)} parts`],
] as const;

const typeOf = ({ headers }: FastifyRequest): string => headers['content-type'] ?? '';

const invalid = (error: unknown): ApiError =>
  new ApiError('invalid_request', `body is not a valid form: ${(error as Error).message}`);

/** Hashes a file. @throws ApiError 413 */
async function readFile(
  stream: Readable & { truncated?: boolean },
  filename: string,
  contentType: string,
): Promise<UploadedFile> {
  const hash = createHash('sha256');
  let size = 0;
  let kept: Buffer[] | undefined = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
    if (size > maxKeptFile) kept = undefined;
    kept?.push(chunk);
  }
  if (stream.truncated === true) throw limitError('50 MB for a file');
  const file = { filename, contentType, size, sha256: hash.digest('hex') };
  if (kept === undefined) return file;
  // Not enumerable, so that it gets into no JSON.
  const read = kept;
  return Object.defineProperty(file, 'text', { get: () => Buffer.concat(read).toString() });
}
