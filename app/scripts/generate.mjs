// Writes the clients that are generated: of the server from its OpenAPI document, of the program from its IDL.
// With --check nothing is written, and a client that is not what it would be fails.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { rootNodeFromAnchor } from '@codama/nodes-from-anchor';
import { renderVisitor } from '@codama/renderers-js';
import { createFromRoot } from 'codama';
import openapiTS, { astToString } from 'openapi-typescript';

const app = new URL('..', import.meta.url).pathname;
const clients = ['src/api/generated', 'src/program/generated'];
const check = process.argv.includes('--check');
const folder = await mkdtemp(join(tmpdir(), 'aegle-generated-'));

const document = new URL('../../indexer/openapi.json', import.meta.url);
const types = astToString(await openapiTS(document, { alphabetize: true }));
const [api, program] = clients.map((client) => join(folder, client));
await cp(new URL('./generated.md', import.meta.url), join(api, 'README.md'));
await writeFile(join(api, 'schema.d.ts'), types);

const idl = JSON.parse(await readFile(new URL('../../idl/aegle.json', import.meta.url), 'utf8'));
await createFromRoot(rootNodeFromAnchor(idl)).accept(
  renderVisitor(program, {
    generatedFolder: '.',
    syncPackageJson: false,
    formatCode: true,
    deleteFolderBeforeRendering: false,
  }),
);

// The plugin for kit's client is not used, and its types are of another version of kit.
const plugin = join(program, 'programs/aegle.ts');
await writeFile(plugin, `// @ts-nocheck\n${await readFile(plugin, 'utf8')}`);

// What the program says is for people to read, in every build; and browsers have no `process`.
const errors = join(program, 'errors/aegle.ts');
const environment = 'process.env["NODE_ENV"] !== "production"';
await writeFile(errors, (await readFile(errors, 'utf8')).replaceAll(environment, 'true'));

const stale = [];
for (const client of clients) {
  const [made, kept] = [join(folder, client), join(app, client)];
  if (!check) {
    await rm(kept, { recursive: true, force: true });
    await cp(made, kept, { recursive: true });
    continue;
  }
  const list = async (root) =>
    (await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  for (const name of new Set([...(await list(made)), ...(await list(kept))])) {
    const [left, right] = await Promise.all(
      [made, kept].map((root) => readFile(join(root, name), 'utf8').catch(() => null)),
    );
    if (left !== right) stale.push(join(client, name));
  }
}
await rm(folder, { recursive: true });
if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. What to do: make generate`);
  process.exit(1);
}
