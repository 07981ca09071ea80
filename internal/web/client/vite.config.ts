import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The types of the module by which the package is known; those of its parts are written by tsc. */
const types: Plugin = {
  name: "types of the package",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "rowcast.d.ts", source: 'export * from "./index.js";\n' });
  },
};

/** What a server gives pages, and what the package has. */
export default defineConfig({
  plugins: [types],
  resolve: { conditions: ["rowcast-source"] },
  ssr: { resolve: { conditions: ["rowcast-source"] } },
  build: {
    target: "es2022",
    lib: {
      entry: { rowcast: "src/index.ts", react: "src/react.tsx", db: "src/db.ts", socket: "src/socket.ts" },
      formats: ["es"],
    },
    rollupOptions: {
      external: /^react(\/|$)/,
      output: {
        chunkFileNames: "parts/[name]-[hash].js",
        minify: true,
        // Frameworks that render on a server ask for it.
        banner: ({ name }) => (name === "react" ? '"use client";' : ""),
      },
    },
  },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    // Nothing should take so long: it is for machines that do much else.
    testTimeout: 240_000,
    restoreMocks: true,
  },
});
