/** What the desk needs of a database: SQL with `?` for values. */
export interface Database {
  /** @returns The rows that a query finds. */
  all(sql: string, ...values: readonly (string | number)[]): Promise<Record<string, unknown>[]>;
  /** Carries a statement out. */
  run(sql: string, ...values: readonly (string | number)[]): Promise<void>;
  close(): void;
}

/** What `node:sqlite` is used for here; Node.js has it from 22.5 on. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
  ) => {
    prepare(sql: string): { all(...values: (string | number)[]): Record<string, unknown>[]; run(...values: (string | number)[]): unknown };
    close(): void;
  };
}

/**
 * Opens SQLite: Node's own where there is one, and otherwise the same library compiled to WebAssembly.
 *
 * @param path - A file, or `:memory:`.
 * @returns The database, and which one it is.
 */
export async function openDatabase(path: string): Promise<Database & { readonly engine: string }> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) {
    // Its name in a variable: types of older versions of Node.js do not know it.
    const name = 'node:sqlite';
    const { DatabaseSync } = (await import(name)) as NodeSqlite;
    const database = new DatabaseSync(path);
    return {
      engine: name,
      all: async (sql, ...values) => database.prepare(sql).all(...values),
      run: async (sql, ...values) => void database.prepare(sql).run(...values),
      close: () => database.close(),
    };
  }
  const { default: sqlite } = await import('node-sqlite3-wasm');
  const database = new sqlite.Database(path);
  return {
    engine: 'node-sqlite3-wasm',
    all: async (sql, ...values) => database.all(sql, [...values]),
    run: async (sql, ...values) => void database.run(sql, [...values]),
    close: () => database.close(),
  };
}
