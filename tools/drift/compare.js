/**
 * How the contract differs from a release of the SDK, worst first.
 *
 * | severity   | means                                                                              |
 * | ---------- | ---------------------------------------------------------------------------------- |
 * | `breaking` | a program that the vendor serves is refused here, or reads an answer wrong         |
 * | `changed`  | something is new at the vendor: the emulator ignores it, or leaves it out          |
 * | `gone`     | the emulator has something that the vendor's SDK no longer has                     |
 */
export const severities = ['breaking', 'changed', 'gone'];

/**
 * @param contract operations by method and path, with the shapes of `request` and `answer`.
 * @param sdk the same of the SDK.
 * @param kept operations of older releases, which are not gone.
 */
export function compare(contract, sdk, kept) {
  const found = [];
  const report = (severity, operation, what) => found.push({ severity, operation, what });
  for (const [key, { request, answer }] of sdk) {
    const own = contract.get(key);
    if (own === undefined) {
      report('changed', key, 'is a new operation');
      continue;
    }
    compareRequests(own.request, request, (severity, what) => report(severity, key, what));
    compareAnswers(own.answer, answer, (severity, what) => report(severity, key, what));
  }
  for (const key of contract.keys()) {
    if (!sdk.has(key) && !kept.has(key)) report('gone', key, 'is no operation of the SDK');
  }
  return found.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

function compareRequests(own, vendor, report) {
  for (const [path, theirs] of vendor) {
    const ours = own.get(path);
    const name = `request: ${path}`;
    if (ours === undefined) {
      if (isTop(own, path)) report(theirs.isRequired ? 'breaking' : 'changed', `${name} is new`);
      continue;
    }
    if (theirs.isRequired && !ours.isRequired) report('changed', `${name} is required now`);
    if (!theirs.isRequired && ours.isRequired) report('breaking', `${name} is optional now`);
    for (const kind of missing(ours.kinds, theirs.kinds))
      report('breaking', `${name} may be ${kind}`);
    compareValues(ours, theirs, name, report);
  }
  for (const path of own.keys()) {
    if (!vendor.has(path) && isTop(vendor, path)) report('gone', `request: ${path}`);
  }
}

function compareAnswers(own, vendor, report) {
  for (const [path, theirs] of vendor) {
    const ours = own.get(path);
    const name = `answer: ${path}`;
    if (ours === undefined) {
      if (isTop(own, path)) report(theirs.isRequired ? 'breaking' : 'changed', `${name} is new`);
      continue;
    }
    if (theirs.isRequired && !ours.isRequired) report('breaking', `${name} is always there now`);
    if (!theirs.isRequired && ours.isRequired) report('changed', `${name} may be absent now`);
    for (const kind of missing(theirs.kinds, ours.kinds))
      report('breaking', `${name} is never ${kind}`);
    for (const kind of missing(ours.kinds, theirs.kinds))
      report('changed', `${name} may be ${kind}`);
    compareValues(ours, theirs, name, report);
  }
  for (const path of own.keys()) {
    if (!vendor.has(path) && isTop(vendor, path)) report('gone', `answer: ${path}`);
  }
}

function compareValues(ours, theirs, name, report) {
  if (ours.values === undefined || theirs.values === undefined) return;
  for (const value of missing(ours.values, theirs.values))
    report('changed', `${name} may be "${value}"`);
  for (const value of missing(theirs.values, ours.values)) report('gone', `${name} "${value}"`);
}

/** Those of `all` that `some` does not have. */
function missing(some, all) {
  if (some.has('any') || all.has('any')) return [];
  return [...all].filter((value) => !some.has(value));
}

/**
 * Whether the shape describes what contains the path, so that the path is the first that it does not have. Records, which
 * take all names, and values of any type are not described.
 */
function isTop(shape, path) {
  const container = path.replace(/(^|\.)[^.[]+$|\[\]$/, '');
  if (shape.has(container === '' ? '*' : `${container}.*`)) return false;
  if (container === '') return true;
  return shape.has(container) && !shape.get(container).kinds.has('any');
}
