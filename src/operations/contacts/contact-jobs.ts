import { parseCsv } from '../../domain/objects/csv.js';
import { jobNames } from '../../domain/objects/jobs.js';
import { uploadedFiles } from '../../domain/requests/uploaded-file.js';
import { ApiError } from '../../errors.js';
import { readJob, startJob } from '../objects/jobs.js';
import { createObject, findObject, openSettled } from '../objects/objects.js';
import type { Operation } from '../operation.js';

/** The most rows of an import: each is stored within one step of the simulation. */
const maxRows = 5000;

export const uploadContactImportFile: Operation<'uploadContactImportFile'> = async (
  services,
  caller,
  { body },
) => {
  const [file] = uploadedFiles(body.file);
  if (file?.text === undefined) {
    throw new ApiError('payload_too_large', 'The limit is 5 MB for a file.');
  }
  const { filename, text } = file;
  const workspace = await openSettled(services, caller);
  const { id } = createObject(services, workspace, 'contact-file', () => ({
    content: { file_name: filename, text },
  }));
  return { upload_id: id, file_name: filename };
};

export const createContactImport: Operation<'createContactImport'> = async (
  services,
  caller,
  { body },
) => {
  const numbers = body.column_mapping.filter(({ field_name: name }) => name === 'phone_number');
  if (numbers.length !== 1) {
    const problem = 'body/column_mapping must have exactly one item for phone_number';
    throw new ApiError('invalid_request', problem);
  }
  const { workspace, object } = await findObject(services, caller, 'contact-file', body.upload_id);
  const [headers = [], ...rows] = parseCsv(String(object.content['text']));
  const missing = body.column_mapping.find(
    ({ external_field_name: name }) => !headers.includes(name),
  );
  if (missing !== undefined) {
    const problem = `body/column_mapping names ${missing.external_field_name}, which is no header of the file`;
    throw new ApiError('invalid_request', problem);
  }
  if (rows.length > maxRows) {
    throw new ApiError('invalid_request', `the file has more than ${String(maxRows)} rows`);
  }
  return startJob(services, workspace, jobNames.import, { ...body });
};

export const getContactImport: Operation<'getContactImport'> = async (services, caller) =>
  readJob(services, await openSettled(services, caller), jobNames.import);

export const backfillContactAnalysisData: Operation<'backfillContactAnalysisData'> = async (
  services,
  caller,
) => startJob(services, await openSettled(services, caller), jobNames.backfill, {});

export const getBackfillContactJobStatus: Operation<'getBackfillContactJobStatus'> = async (
  services,
  caller,
) => readJob(services, await openSettled(services, caller), jobNames.backfill);
