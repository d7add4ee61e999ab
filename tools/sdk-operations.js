import { readdirSync, readFileSync } from 'node:fs';

/**
 * The version of a release of the vendor's SDK, and the requests that its methods send.
 * @param folder of the package.
 */
export function readRelease(folder) {
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const resources = `${folder}/src/resources`;
  const files = readdirSync(resources, { recursive: true, encoding: 'utf8' });
  const operations = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => readOperations(readFileSync(`${resources}/${file}`, 'utf8')));
  return { version, operations };
}

/** The requests in a source: a method of a class sends one, `this._client.post(path`/a/${id}`)`. */
function readOperations(source) {
  const pattern =
    /^export class (?<resource>\w+)|^ {2}(?<call>\w+)\(|_client\.(?<method>get|post|put|patch|delete)\(\s*(?:path)?[`'](?<path>[^`']+)[`']/gm;
  const found = [];
  let resource = '';
  let call = '';
  for (const { groups } of source.matchAll(pattern)) {
    resource = groups.resource ?? resource;
    call = groups.call ?? call;
    if (groups.path === undefined) continue;
    const path = groups.path.replaceAll(/\$\{[^}]*\}/g, '*');
    const name = `${resource[0].toLowerCase()}${resource.slice(1)}.${call}`;
    found.push({ key: `${groups.method.toUpperCase()} ${path}`, name, resource, call });
  }
  return found;
}
