import { defineConfig } from 'prisma/config';

/** For `prisma generate` and, where the schema engine is installed, `prisma migrate`. Sluice itself migrates at boot. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost/sluice' },
});
