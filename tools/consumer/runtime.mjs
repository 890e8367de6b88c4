// Prints which runtime this is, and its version.
const { Bun, Deno, process } = globalThis;
if (Bun) {
  console.log(`Bun ${Bun.version}`);
} else if (Deno) {
  console.log(`Deno ${Deno.version.deno}`);
} else {
  console.log(`Node ${process.versions.node}`);
}
