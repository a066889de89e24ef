import { defineConfig } from 'drizzle-kit';

/** `npx drizzle-kit generate --name <what>` writes a migration; put a paragraph saying why at its top. */
const config = defineConfig({
  dialect: 'sqlite',
  schema: './daemon/store/schema.ts',
  out: './daemon/store/migrations',
});
// biome-ignore lint/style/noDefaultExport: drizzle-kit reads the default export
export default config;
