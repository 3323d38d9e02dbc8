/** placeholder */
export async function checkBoundaries(): Promise<{ passed: boolean; output: string }> {
  return { passed: true, output: "" };
}
