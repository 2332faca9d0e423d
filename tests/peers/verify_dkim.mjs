// Says of each signature of a mail whether mailauth finds it right: the mail on stdin, its DNS texts in argv.

import { createRequire } from "node:module";
import { buffer } from "node:stream/consumers";

const { dkimVerify } = createRequire(`${process.env.PEERS}/`)("mailauth/lib/dkim/verify");
const texts = JSON.parse(process.argv[2]);

const resolver = async (name) => {
  const found = texts[name];
  if (!found) throw Object.assign(new Error("there is no such name"), { code: "ENOTFOUND" });
  return [[found]];
};

const { results } = await dkimVerify(await buffer(process.stdin), { resolver });
console.log(JSON.stringify(results.map((one) => one.status.result === "pass")));
