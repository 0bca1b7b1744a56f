/** How large the variables of a request are; counting stops soon after either limit is passed. */
export interface VariableSize {
  /** About the bytes that the values take as JSON in UTF-8. */
  bytes: number;
  /** Objects and lists around the innermost value, the variables' own object not counted. */
  depth: number;
}

/** Measures values without making text of them, and without following them further than the limits allow. */
export function measureVariables(
  variables: Readonly<Record<string, unknown>>,
  limits: { variableBytes: number; variableDepth: number },
): VariableSize {
  const size: VariableSize = { bytes: 0, depth: 0 };
  const visit = (value: unknown, depth: number): void => {
    if (typeof value === 'string') size.bytes += Buffer.byteLength(value) + 2;
    else if (typeof value !== 'object' || value === null) size.bytes += String(value).length;
    else {
      size.depth = Math.max(size.depth, depth);
      size.bytes += 2;
      for (const [name, child] of Object.entries(value)) {
        if (size.bytes > limits.variableBytes || size.depth > limits.variableDepth) return;
        size.bytes += Array.isArray(value) ? 1 : Buffer.byteLength(name) + 4;
        visit(child, depth + 1);
      }
    }
  };
  visit(variables, 0);
  return size;
}
