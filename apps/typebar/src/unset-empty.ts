/** An empty variable is an unset one, for us and for the libraries that look for themselves. Imported by main.ts before all else. */

for (const [name, value] of Object.entries(process.env)) {
  if (value === "" && /^(OPENAI|ANTHROPIC|GOOGLE)_/.test(name)) delete process.env[name];
}
