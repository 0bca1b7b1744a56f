/**
 * Sends an operation over HTTP.
 * @param {string} url The GraphQL endpoint.
 * @param {{query: string, variables?: unknown, operationName?: string | null | undefined}} operation
 * @param {Record<string, unknown>} [headers]
 * @returns {Promise<import('graphql').ExecutionResult>} The answer, errors and all.
 * @throws {Error} Where what answers is not the API, or nobody does.
 */
export async function post(url, operation, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'apollo-require-preflight': 'true',
      .../** @type {Record<string, string>} */ (headers),
    },
    body: JSON.stringify(operation),
  });
  return await response.json();
}
