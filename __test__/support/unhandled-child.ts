import { Trainer } from 'innate';

Trainer.run([], { progress: false }).finally(() => undefined);
