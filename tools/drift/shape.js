import ts from 'typescript';

/**
 * A type as a map from the path of each value in it, such as `agents[].weight`, to what the value may be:
 * `{ isRequired, kinds, values }`. `values` are those of an enum; undefined if any are allowed. A path that ends in
 * `*` is of a record of any names.
 */
export function shapeOf(checker, type) {
  const shape = new Map();
  add({ checker, shape, ancestors: [] }, '', [{ type, isRequired: true }]);
  shape.delete('');
  return shape;
}

/** Types that contain themselves are followed so far. */
const maxDepth = 12;

/** Adds what is at a path: the union of some types. */
function add(walk, path, uses) {
  const types = uses.flatMap(({ type }) => membersOf(type));
  walk.shape.set(path, {
    isRequired: uses.every(({ isRequired }) => isRequired),
    kinds: new Set(types.map((type) => kindOf(walk.checker, type))),
    values: valuesOf(types),
  });
  const parts = types.filter((type) => !walk.ancestors.includes(type));
  if (walk.ancestors.length >= maxDepth || parts.length === 0) return;
  const inner = { ...walk, ancestors: [...walk.ancestors, ...parts] };
  addItems(inner, path, parts);
  addProperties(inner, path, parts);
}

function addItems(walk, path, types) {
  const { checker } = walk;
  const arrays = types.filter((type) => checker.isArrayType(type));
  if (arrays.length === 0) return;
  const items = arrays.flatMap((type) => checker.getTypeArguments(type));
  add(
    walk,
    `${path}[]`,
    items.map((type) => ({ type, isRequired: true })),
  );
}

function addProperties(walk, path, types) {
  const { checker } = walk;
  const objects = types.filter((type) => kindOf(checker, type) === 'object');
  const records = objects.flatMap((type) => checker.getIndexInfosOfType(type));
  if (records.length > 0) {
    add(
      walk,
      join(path, '*'),
      records.map(({ type }) => ({ type, isRequired: false })),
    );
  }
  const names = new Set(objects.flatMap((type) => type.getProperties().map(({ name }) => name)));
  for (const name of names) {
    const found = objects.map((type) => type.getProperty(name));
    const uses = found.filter(Boolean).map((property) => ({
      type: checker.getTypeOfSymbol(property),
      isRequired: (property.flags & ts.SymbolFlags.Optional) === 0 && !found.includes(undefined),
    }));
    add(walk, join(path, name), uses);
  }
}

const join = (path, name) => (path === '' ? name : `${path}.${name}`);

const absent = ts.TypeFlags.Undefined | ts.TypeFlags.Void | ts.TypeFlags.Never;

const membersOf = (type) =>
  (type.isUnion() ? type.types : [type]).filter(({ flags }) => (flags & absent) === 0);

function kindOf(checker, type) {
  const { flags } = type;
  if ((flags & ts.TypeFlags.StringLike) !== 0) return 'string';
  if ((flags & ts.TypeFlags.NumberLike) !== 0) return 'number';
  if ((flags & ts.TypeFlags.BooleanLike) !== 0) return 'boolean';
  if ((flags & ts.TypeFlags.Null) !== 0) return 'null';
  if ((flags & ts.TypeFlags.AnyOrUnknown) !== 0) return 'any';
  return checker.isArrayType(type) ? 'array' : 'object';
}

/** The values of an enum; undefined if not only some are allowed. */
function valuesOf(types) {
  const texts = types.filter(({ flags }) => (flags & ts.TypeFlags.StringLike) !== 0);
  if (texts.length === 0 || !texts.every((type) => type.isStringLiteral())) return undefined;
  return new Set(texts.map(({ value }) => value));
}
