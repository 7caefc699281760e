// Sends a file with tus-js-client: in two attempts, the first of which is given up after some chunks.
import { createReadStream, statSync } from "node:fs";
import * as tus from "tus-js-client";

const [endpoint, path, user] = process.argv.slice(2);
const options = {
  endpoint,
  chunkSize: 512 * 1024,
  retryDelays: [0, 200, 1000],
  metadata: { filename: "customers.csv" },
  headers: { "x-user": user },
  uploadSize: statSync(path).size,
};

const begun = await new Promise((resolve, reject) => {
  const sending = new tus.Upload(createReadStream(path), {
    ...options,
    onError: reject,
    onChunkComplete: (_, sent) => sent >= 2 * options.chunkSize && sending.abort().then(() => resolve(sending.url)),
  });
  sending.start();
});
await new Promise((resolve, reject) => {
  const sending = new tus.Upload(createReadStream(path), {
    ...options,
    uploadUrl: begun,
    onError: reject,
    onSuccess: resolve,
  });
  sending.start();
});
console.log(begun);
process.exit(0);
