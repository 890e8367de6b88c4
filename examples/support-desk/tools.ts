import type { SolveToolsOf } from 'innate';
import type { Database } from './database.js';
import type { Order, Stock, supportDesk } from './task.js';

/**
 * The desk's real tools: each finds out or does what the simulated one of the same name only says.
 *
 * @param database - Orders, stock, and what has been done.
 * @returns The tools, which wait for the database.
 */
export function createTools(database: Database): SolveToolsOf<typeof supportDesk> {
  const record = (order: number, action: string): Promise<void> =>
    database.run('INSERT INTO actions (order_id, action) VALUES (?, ?)', order, action);
  return {
    LOOKUP: async (desk, { order }) => {
      const [row] = await database.all('SELECT status, customer FROM orders WHERE id = ?', order);
      // An order that there is not is an answer too: the desk has learned what to do about it.
      desk.found = (row as Omit<Order, 'stock'> | undefined) ?? { status: 'unknown', customer: 'regular' };
      return row;
    },
    CHECK_STOCK: async (desk, { order }) => {
      const [row] = await database.all('SELECT stock.count FROM stock JOIN orders USING (item) WHERE orders.id = ?', order);
      const count = Number(row?.['count'] ?? 0);
      desk.stock = (count > 0 ? 'in stock' : 'sold out') satisfies Stock;
      return count;
    },
    REFUND: async (desk, { order }, _stage, { amount }) => {
      await record(order, `refund ${amount}`);
      desk.refunded = amount;
    },
    RESHIP: async (desk, { order }, _stage, { speed }) => {
      await database.run('UPDATE stock SET count = count - 1 WHERE item = (SELECT item FROM orders WHERE id = ?)', order);
      await record(order, `reship ${speed}`);
      desk.reshipped = speed;
    },
    REPLY: async (desk, { order }, _stage, { text }) => {
      await record(order, `reply ${text}`);
      desk.replied = text;
    },
  };
}
