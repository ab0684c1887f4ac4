import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vitest/config';

/** Writes each text file a second time as the server sends it, so that nothing is compressed per request. */
function precompressed(): Plugin {
  return {
    name: 'precompressed',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const [name, file] of Object.entries(bundle)) {
          if (!/\.(js|css|html|json|svg|wasm|webmanifest)$/.test(name)) continue;
          const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source);
          const source = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
          this.emitFile({ type: 'asset', fileName: `${name}.br`, source });
        }
      },
    },
  };
}

/** The server that a development page talks to. */
const server = process.env.AEGLE_API_URL ?? 'http://127.0.0.1:8080';

export default defineConfig(({ mode }) => ({
  plugins: [react(), tailwindcss(), precompressed()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // The development wallet is in no build but those that say so.
  define: { __DEVELOPMENT_WALLET__: JSON.stringify(mode !== 'production') },
  build: {
    target: 'es2023',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The generated client does nothing by being there.
      treeshake: { moduleSideEffects: [{ test: /\/program\/generated\//, sideEffects: false }] },
      output: {
        // The program's refusals in words come with the first of them, and nothing else is put beside them.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'refusals', test: /\/program\/generated\/errors\// },
            // What every page begins with comes in one piece: each small one would cost a way to the server.
            { name: 'first', tags: ['$initial'] },
          ],
        },
      },
    },
  },
  worker: { format: 'es' },
  server: { proxy: { '/v1': server, '/token': server } },
  test: {
    environment: 'happy-dom',
    // It would fetch what a parsed page names, which no browser does.
    environmentOptions: { happyDOM: { settings: { disableIframePageLoading: true } } },
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    testTimeout: 20_000,
  },
}));
