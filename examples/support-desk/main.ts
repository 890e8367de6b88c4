import { Trainer } from 'innate';
import { openDatabase } from './database.js';
import { supportDesk, type Ticket } from './task.js';
import { createTools } from './tools.js';

// In simulation: nothing is looked up, refunded or sent. It goes on after the first evaluation without a mistake, so that the agent becomes sure of
// what it does, too.
const { agent, stages, seconds } = await Trainer.run([{ stage: 0, iterations: 120 }], {
  task: supportDesk,
  algorithm: 'ppo',
  hiddenSize: 64,
  learningRate: 3e-3,
  seed: 1,
});
console.log(`\n${(100 * (stages[0]?.successRate ?? 0)).toFixed(1)} % of simulated tickets right after ${seconds.toFixed(1)} s\n`);

// In use: a database that the agent has never seen.
const database = await openDatabase(':memory:');
for (const statement of [
  'CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, status TEXT, customer TEXT)',
  'CREATE TABLE stock (item TEXT PRIMARY KEY, count INTEGER)',
  'CREATE TABLE actions (order_id INTEGER, action TEXT)',
  `INSERT INTO orders VALUES (1001, 'lamp', 'lost', 'premium'), (1002, 'lamp', 'lost', 'regular'), (1003, 'vase', 'delivered', 'regular'),
    (1004, 'desk', 'in transit', 'premium')`,
  "INSERT INTO stock VALUES ('lamp', 1), ('vase', 3), ('desk', 0)",
]) {
  await database.run(statement);
}
const tickets: readonly Ticket[] = [
  { order: 1001, claim: 'missing' },
  { order: 1002, claim: 'missing' }, // The last lamp has just been sent to 1001.
  { order: 1003, claim: 'missing' },
  { order: 1003, claim: 'broken' },
  { order: 1004, claim: 'missing' },
  { order: 4711, claim: 'broken' },
];
const tools = createTools(database);
console.log(`Tickets solved with ${database.engine}`);
for (const ticket of tickets) {
  const { calls, reason, next, error } = await agent.solve(supportDesk, ticket, {
    tools,
    minProbability: 0.8,
    signal: AbortSignal.timeout(5000),
  });
  console.log(`\n  order ${ticket.order}, ${ticket.claim}`);
  for (const { tool, arguments: args, answer, probability } of calls) {
    const answered = answer === undefined ? '' : `  →  ${JSON.stringify(answer)}`;
    console.log(`    ${[tool, ...Object.values(args)].join(' ').padEnd(22)} p ${probability.toFixed(2)}${answered}`);
  }
  if (reason !== 'ended') {
    console.log(`    ${reason}: a person goes on${next === undefined ? '' : ` from ${next.tool}`}. ${error?.message ?? ''}`);
    process.exitCode = 1;
  }
}

console.log('\nWhat the database says was done');
for (const row of await database.all('SELECT order_id, action FROM actions')) {
  console.log(`  ${String(row['order_id'])}  ${String(row['action'])}`);
}
database.close();
await agent.close();
