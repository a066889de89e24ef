import { defineConfig } from 'drizzle-kit';

/** `npx drizzle-kit generate --name <what>` writes a migration; put a paragraph saying why at its top. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './daemon/store/schema.ts',
  out: './daemon/store/migrations',
});
