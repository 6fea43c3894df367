import { eq } from 'drizzle-orm';
import type { Database } from './database.js';
import { settings } from './schema.js';

/** Reads a stored value as what it should be; a zod schema is one. */
interface Shape<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

/** What was decided while the server ran, by name: JSON values that outlive a restart. */
export class SettingRepository {
  constructor(
    private readonly database: Database,
    private readonly now: () => number = Date.now,
  ) {}

  /** Null when there is none, and when what is stored does not have this shape (another version of this server wrote it). */
  async read<T>(name: string, shape: Shape<T>): Promise<T | null> {
    const rows = await this.database.run((orm) => orm.select().from(settings).where(eq(settings.name, name)));
    const parsed = shape.safeParse(rows[0]?.value);
    return parsed.success ? parsed.data : null;
  }

  async write(name: string, value: object): Promise<void> {
    const updatedAt = this.now();
    await this.database.run((orm) =>
      orm
        .insert(settings)
        .values({ name, value, updatedAt })
        .onConflictDoUpdate({ target: settings.name, set: { value, updatedAt } }),
    );
  }

  async remove(name: string): Promise<void> {
    await this.database.run((orm) => orm.delete(settings).where(eq(settings.name, name)));
  }
}
