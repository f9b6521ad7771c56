/*
 * What `node:http` knows of the words of HTTP. It is fetched like this because an `import` of that module loads Node's
 * own fetch client with it, which nothing here uses: 20 to 40 ms of each thread's start.
 */
export const { STATUS_CODES, validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http');
