// Bundles the console into dist/: index.html, and beside it a script and a style sheet that are
// named after their content. Everything is stored compressed, as it will be sent.

import { build } from 'esbuild';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const OUT = 'dist';

const built = await build({
  entryPoints: { app: 'src/main.tsx', style: 'src/style/index.css' },
  outdir: join(OUT, 'assets'),
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: ['chrome100', 'firefox100', 'safari15.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});

function store(path, content) {
  writeFileSync(join(OUT, `${path}.gz`), gzipSync(content, { level: 9 }));
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(join(OUT, 'assets'), { recursive: true });
let page = readFileSync('index.html', 'utf8');
for (const file of built.outputFiles) {
  const name = basename(file.path);
  store(`assets/${name}`, file.contents);
  page = page.replace(name.endsWith('.js') ? '%SCRIPT%' : '%STYLE%', `assets/${name}`);
}
store('index.html', page);
