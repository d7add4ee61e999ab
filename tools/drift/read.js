import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { readRelease } from '../sdk-operations.js';
import { shapeOf } from './shape.js';

const compilerOptions = {
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  lib: ['lib.es2022.d.ts'],
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};

/**
 * What a release of the vendor's SDK sends and takes: its version, and operations by method and path, each with
 * the shapes of `request` (query and body) and `answer`.
 * @param folder of the package.
 */
export function readSdk(folder) {
  const { version, operations } = readRelease(folder);
  const resources = `${folder}/resources`;
  const files = readdirSync(resources, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => resolve(resources, file));
  const program = ts.createProgram(files, compilerOptions);
  const checker = program.getTypeChecker();
  const methods = new Map();
  for (const file of files) collectMethods(program.getSourceFile(file), methods);
  const read = new Map();
  for (const { key, resource, call } of operations) {
    const method = methods.get(`${resource}.${call}`);
    if (method === undefined) throw new Error(`the types of the SDK have no ${resource}.${call}`);
    read.set(key, shapesOfMethod(checker, method));
  }
  return { version, operations: read };
}

function collectMethods(source, methods) {
  source.forEachChild((node) => {
    if (!ts.isClassDeclaration(node)) return;
    for (const member of node.members) {
      if (!ts.isMethodDeclaration(member)) continue;
      const name = `${node.name.text}.${member.name.getText()}`;
      // The first of several declarations has the parameters, and the others leave them out.
      if (!methods.has(name)) methods.set(name, member);
    }
  });
}

function shapesOfMethod(checker, method) {
  const signature = checker.getSignatureFromDeclaration(method);
  const [, sent] = [...signature.parameters].reverse().map((it) => checker.getTypeOfSymbol(it));
  const isText = sent === undefined || (sent.flags & ts.TypeFlags.StringLike) !== 0;
  const [answer] = checker.getTypeArguments(signature.getReturnType());
  return {
    request: isText ? new Map() : shapeOf(checker, sent),
    answer: answer === undefined ? new Map() : shapeOf(checker, answer),
  };
}

/**
 * The same of the contract, read from the types that are generated from it.
 * @param file such as `src/contract/retell.gen.ts`.
 */
export function readContract(file) {
  const path = resolve(file);
  const program = ts.createProgram([path], compilerOptions);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  const declared = (name) =>
    checker.getTypeAtLocation(
      source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name),
    );
  const inside = (type, ...names) =>
    names.reduce((at, name) => {
      const property = at && checker.getNonNullableType(at).getProperty(name);
      return property && checker.getNonNullableType(checker.getTypeOfSymbol(property));
    }, type);
  const read = new Map();
  for (const { name: url } of declared('paths').getProperties()) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
      const operation = inside(declared('paths'), url, method);
      if (operation?.getProperty('responses') === undefined) continue;
      const key = `${method.toUpperCase()} ${url.replaceAll(/\{[^}]*\}/g, '*')}`;
      const query = inside(operation, 'parameters', 'query');
      const body = contentOf(inside(operation, 'requestBody'));
      const success = inside(operation, 'responses')
        .getProperties()
        .find(({ name }) => name.startsWith('2'));
      const answer = contentOf(success && checker.getTypeOfSymbol(success));
      read.set(key, {
        request: new Map([query, body].filter(Boolean).flatMap((it) => [...shapeOf(checker, it)])),
        answer: answer === undefined ? new Map() : shapeOf(checker, answer),
      });
    }
  }
  return read;

  /** The type of the first kind of content. */
  function contentOf(message) {
    const content = inside(message, 'content');
    const [first] = content?.getProperties() ?? [];
    return first && checker.getNonNullableType(checker.getTypeOfSymbol(first));
  }
}
