import type { JsonObject, ModelPart, ModelRequest, ModelTurn, ToolDeclaration } from './model.port.ts';
import { calculate, findExpression } from './offline-arithmetic.ts';
import { fillSchema } from './offline-schema.ts';

/** What the offline model is going to say, before it is cut into tokens. */
export interface OfflinePlan {
  thinking?: string;
  text?: string;
  call?: { name: string; args: JsonObject };
}

export const OFFLINE_INTRODUCTION =
  "I am Parley's offline model, not a language model: I follow a few fixed rules, so that you can try everything " +
  'without a key. ';

const HELP =
  'I can greet you by name, repeat or summarise what was said, count words, do arithmetic, tell the time, ' +
  '"count to 200", "write 300 words", "think" before I answer, describe attachments, and "use tool NAME with {...}".';

/** Decides by fixed rules, from the last turn on. The same request at the same time gives the same plan. */
export function planAnswer(request: ModelRequest, now: Date): OfflinePlan {
  const last = request.turns.at(-1);
  const said = textOf(last);
  if (request.responseSchema) return { text: JSON.stringify(fillSchema(request.responseSchema, said)) };
  const plan = last?.role === 'tool' ? { text: reportResults(last) } : answerUser(request, said, now);
  const wantsThought = /\bthink\b/i.test(said) || request.thinking?.include === true;
  if (wantsThought && last?.role !== 'tool') plan.thinking = thinkAloud(said, plan);
  if (plan.text !== undefined && !hasIntroducedItself(request.turns)) plan.text = OFFLINE_INTRODUCTION + plan.text;
  return plan;
}

function answerUser(request: ModelRequest, said: string, now: Date): OfflinePlan {
  const tools = request.toolChoice === 'NONE' ? [] : (request.tools ?? []);
  const asked = planTool(said, tools);
  if (asked) return asked;
  if (request.toolChoice === 'REQUIRED' && tools[0]) return { call: callOf(tools[0], said) };
  const seen = describeAttachments(request.turns.at(-1)?.parts ?? []);
  const text = said || !seen ? answerText(said, request.turns, now) : '';
  return { text: [seen, text].filter(Boolean).join(' ') };
}

/** A tool that was asked for by name, or that fits what was asked: a calculator, a clock. */
function planTool(said: string, tools: ToolDeclaration[]): OfflinePlan | undefined {
  const named = /\buse (?:the )?tool\s+["'`]?([\w.:/-]+)["'`]?(?:\s+with\s+(\{[\s\S]*\}))?/i.exec(said);
  if (named) return callNamedTool(named[1] ?? '', named[2], said, tools);
  const fits = (name: RegExp) => tools.find((tool) => name.test(tool.name));
  const expression = findExpression(said);
  const calculator = expression === undefined ? undefined : fits(/calc|arithmetic|math/i);
  if (calculator) return { call: callOf(calculator, expression ?? '') };
  const clock = asksForTime(said) ? fits(/clock|time|date|now/i) : undefined;
  if (clock) return { call: callOf(clock, said, true) };
  const words = said.toLowerCase();
  const mentioned = tools.find(({ name }) => words.includes(name.toLowerCase().replace(/[_-]+/g, ' ')));
  return mentioned && { call: callOf(mentioned, said) };
}

function callNamedTool(name: string, json: string | undefined, said: string, tools: ToolDeclaration[]): OfflinePlan {
  const tool = tools.find((offered) => offered.name.toLowerCase() === name.toLowerCase());
  if (!tool) {
    const offered = tools.map((each) => each.name).join(', ') || 'none';
    return { text: `I am not offered a tool called ${name}. The tools that I am offered: ${offered}.` };
  }
  if (json === undefined) return { call: callOf(tool, said) };
  try {
    // Braces at both ends: what parses is an object.
    return { call: { name: tool.name, args: JSON.parse(json) as JsonObject } };
  } catch {
    return { text: `What follows "with" is not valid JSON, so I did not call ${tool.name}.` };
  }
}

/** Arguments made up from the tool's schema. With `onlyRequired`, optional ones are left to the tool. */
function callOf(tool: ToolDeclaration, text: string, onlyRequired = false) {
  const args = fillSchema({ ...tool.parameters, type: 'object' }, text) as JsonObject;
  const required = new Set(Array.isArray(tool.parameters.required) ? tool.parameters.required : []);
  const kept = Object.entries(args).filter(([name]) => !onlyRequired || required.has(name));
  return { name: tool.name, args: Object.fromEntries(kept) };
}

const asksForTime = (said: string) =>
  /\bwhat(?:'s| is)? (?:the )?(?:time|date|day)\b|\bwhat (?:time|day) is it\b|\btoday'?s? date\b/i.test(said);

function answerText(said: string, turns: ModelTurn[], now: Date): string {
  const count = /\bcount (?:up )?to (\d{1,5})\b/i.exec(said)?.[1];
  if (count) return countTo(Number(count));
  const words = /\bwrite (?:me )?(?:about )?(\d{1,5}) words\b/i.exec(said)?.[1];
  if (words) return writeWords(Number(words));
  if (/\bhow many words\b|\bcount (?:the |my |these )?words\b/i.test(said)) return countWords(said, turns);
  if (/\bsummar/i.test(said)) return summarise(turns);
  const expression = findExpression(said);
  if (expression) return `${expression} = ${calculate(expression)}`;
  if (asksForTime(said)) return `The clock of this server says ${now.toISOString()} (UTC).`;
  if (/\bwhat(?:'s| is) my name\b|\bwho am i\b/i.test(said)) return recallName(turns);
  const repeated = /^\s*(?:please )?(?:say|repeat|echo)\b[:\s]*(.+)$/is.exec(said)?.[1];
  if (repeated) return repeated.trim();
  const name = nameIn(said);
  if (name) return `Hello, ${name}! How can I help?`;
  const greeting = GREETING.exec(said);
  if (greeting) return `Hello${greeting[1] ? `, ${greeting[1]}` : ''}! How can I help?`;
  if (/\bhelp\b|\bwhat can you do\b/i.test(said) || !said) return HELP;
  return `You said: "${said}"`;
}

/** In a room with several people, a message may begin with the name of its author: `Ada: hello`. */
const GREETING =
  /^\s*(?:(\p{Lu}[\p{L}\p{M}' -]{0,40}):\s+)?(?:hi|hello|hey|good (?:morning|afternoon|evening|day))\b/iu;

const countTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1).join(', ');

const VOCABULARY =
  'people and agents meet in a room where every reply streams token by token and nothing is lost'.split(' ');

/** Numbered every ten words, so that a reader sees at once that nothing is missing. */
function writeWords(count: number): string {
  const words = Array.from({ length: count }, (_, index) =>
    index % 10 === 9 ? String(index + 1) : (VOCABULARY[index % VOCABULARY.length] ?? ''),
  );
  return `${words.join(' ')}.`;
}

function countWords(said: string, turns: ModelTurn[]): string {
  const inline = /:\s*(.+)$/s.exec(said)?.[1];
  const earlier = turns.filter((turn) => turn.role === 'user').at(-2);
  const counted = inline ?? textOf(earlier);
  const number = counted.split(/\s+/).filter(Boolean).length;
  return `${inline === undefined ? 'Your message before this one' : 'That'} has ${number} ${number === 1 ? 'word' : 'words'}.`;
}

function summarise(turns: ModelTurn[]): string {
  const earlier = turns.slice(0, -1).filter((turn) => textOf(turn));
  if (earlier.length === 0) return 'Nothing was said before this.';
  const lines = earlier.map((turn) => `${turn.role === 'model' ? 'The agent' : 'You'}: ${shorten(textOf(turn))}`);
  return `${earlier.length} ${earlier.length === 1 ? 'message' : 'messages'} so far.\n${lines.join('\n')}`;
}

const shorten = (text: string) => (text.length > 80 ? `${text.slice(0, 79).trimEnd()}…` : text);

const nameIn = (said: string): string | undefined =>
  /\b(?:my name is|call me|(?:^|[,.!] ?)(?:i am|i'm)) (\p{Lu}[\p{L}\p{M}'-]*)/iu
    .exec(said)?.[1]
    ?.replace(/^./u, (letter) => letter.toUpperCase());

function recallName(turns: ModelTurn[]): string {
  const names = turns.filter((turn) => turn.role === 'user').flatMap((turn) => nameIn(textOf(turn)) ?? []);
  const name = names.at(-1);
  return name ? `Your name is ${name}.` : 'You have not told me your name.';
}

function describeAttachments(parts: ModelPart[]): string {
  const described = parts.flatMap((part) => {
    if (part.type === 'file') return `a file of the type ${part.mimeType} at ${part.uri}`;
    if (part.type !== 'image' && part.type !== 'document') return [];
    return `an attachment of the type ${part.mimeType} with ${Buffer.byteLength(part.data, 'base64')} bytes`;
  });
  return described.length > 0 ? `I see ${described.join(' and ')}; I cannot look inside.` : '';
}

function reportResults(turn: ModelTurn): string {
  return turn.parts
    .filter((part) => part.type === 'tool_result')
    .map(({ name, result, isError }) => {
      const shown = typeof result === 'string' ? result : JSON.stringify(result);
      return `The tool ${name} ${isError ? 'failed' : 'answered'}: ${shown}`;
    })
    .join('\n');
}

function thinkAloud(said: string, plan: OfflinePlan): string {
  const next = plan.call ? `call the tool ${plan.call.name}` : 'answer in words';
  return `I was asked: "${shorten(said)}". The first rule that fits tells me to ${next}.`;
}

const textOf = (turn: ModelTurn | undefined): string =>
  (turn?.parts ?? [])
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('\n')
    .trim();

const hasIntroducedItself = (turns: ModelTurn[]) =>
  turns.some((turn) => turn.role === 'model' && textOf(turn).includes(OFFLINE_INTRODUCTION.trim()));
