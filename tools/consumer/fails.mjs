// Expects the addon not to load. Prints the error as a user's program would meet it.
import { InnateError, Trainer } from 'innate';

try {
  await Trainer.run([0], { progress: false });
  console.log('it loads');
} catch (error) {
  const { code, message } = InnateError.isInstance(error) ? error : { code: 'not an InnateError', message: String(error) };
  console.log(JSON.stringify({ code, message }));
}
