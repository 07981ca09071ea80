import react from "@vitejs/plugin-react";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// While developing, the pages come from Vite and everything else from a running
// "rowcast demo". The Host header stays that of the page, so both are one origin.
const server = process.env["ROWCAST_URL"] ?? "http://127.0.0.1:8080";
const proxy = Object.fromEntries(
  ["/api", "/events", "/history", "/tickets", "/ws"].map((path) => [path, { target: server, ws: path === "/ws" }]),
);

/** The licence of the typeface goes with it; those of the code are collected by Vite. */
const typeface: Plugin = {
  name: "licence of the typeface",
  generateBundle() {
    const path = createRequire(import.meta.url).resolve("@fontsource-variable/inter/LICENSE");
    this.emitFile({ type: "asset", fileName: "licenses-inter.txt", source: readFileSync(path, "utf8") });
  },
};

export default defineConfig({
  plugins: [react(), typeface],
  resolve: { conditions: ["rowcast-source", "module", "browser", "development|production"] },
  server: { proxy, strictPort: true },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    // The policy of the pages allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ["chrome123", "firefox121", "safari17.5"],
    reportCompressedSize: true,
    license: { fileName: "licenses.md" },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
