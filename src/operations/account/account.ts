import type { components } from '../../contract/retell.gen.js';
import { uploadedFiles } from '../../domain/requests/uploaded-file.js';
import { ApiError } from '../../errors.js';
import { createObject, listObjectPage, openSettled } from '../objects/objects.js';
import { refuseWithoutCredit, type Operation } from '../operation.js';

type Schemas = components['schemas'];

/** The name of the key is the label of its workspace. */
export const getApiKeyInfo: Operation<'getApiKeyInfo'> = ({ store }, { workspace }) => ({
  api_key_name: store.workspaceList.find(workspace).label,
  org_name: 'retell-emulator',
});

export const listExportRequests: Operation<'listExportRequests'> = (services, caller, { query }) =>
  listObjectPage(services, caller, 'export-request', query, (object) => {
    const { channel, timezone, url } = object.content as Schemas['ExportRequest'];
    return {
      export_request_id: object.id,
      ...(channel !== undefined && { channel }),
      created_timestamp: object.createdAt,
      status: object.status as NonNullable<Schemas['ExportRequest']['status']>,
      ...(timezone !== undefined && { timezone }),
      ...(url !== undefined && { url }),
    };
  });

/** Documented: the most bytes of an upload. */
const maxUpload = 10 * 1024 * 1024;

/** Documented: the images and sounds that are taken, by the ends of their names. */
const known = /\.(png|jpe?g|gif|webp|svg|mp3|wav|webm|ogg|m4a|aac|flac)$/i;

export const createAsset: Operation<'createAsset'> = async (services, caller, { body }) => {
  const [file] = uploadedFiles(body.file);
  const { filename = '', contentType = '', size = 0, sha256 } = file ?? {};
  if (!known.test(filename) && !/^(image|audio)\//.test(contentType)) {
    throw new ApiError('invalid_request', 'body/file must be an image or a sound');
  }
  if (size > maxUpload) throw new ApiError('payload_too_large', 'The limit is 10 MB for a file.');
  const workspace = await openSettled(services, caller);
  refuseWithoutCredit(workspace);
  const isSound =
    contentType.startsWith('audio/') || /\.(mp3|wav|webm|ogg|m4a|aac|flac)$/i.test(filename);
  const uploaded = {
    content_type: contentType,
    // Documented: a sound is stored as PCM. Its size is that of the upload here.
    file_name: isSound ? filename.replace(/(\.\w+)?$/, '.pcm') : filename,
    file_size: size,
  };
  const asset = createObject(services, workspace, 'asset', () => ({
    content: { ...uploaded, sha256 },
  }));
  return {
    asset_id: asset.id,
    ...uploaded,
    created_timestamp: asset.createdAt,
    url: `https://assets.retell-emulator.invalid/${asset.id}`,
  };
};
