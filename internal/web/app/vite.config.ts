import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// While developing, the pages come from Vite and everything else from a running
// "rowcast demo". The Host header stays that of the page, so both are one origin.
const server = process.env["ROWCAST_URL"] ?? "http://127.0.0.1:8080";
const proxy = Object.fromEntries(
  ["/api", "/events", "/history", "/tickets", "/ws"].map((path) => [path, { target: server, ws: path === "/ws" }]),
);

export default defineConfig({
  plugins: [react()],
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
  test: { include: ["src/**/*.test.ts"] },
});
