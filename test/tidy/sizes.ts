import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** `path` or `path#function` → lines, for whatever is over its limit. */
export type Oversize = Record<string, number>;

export const FILE_LIMIT = 400;
export const FUNCTION_LIMIT = 70;

export function oversizeFiles(files: readonly SourceFile[]): Oversize {
  return Object.fromEntries(
    files.map((file) => [file.path, lineCount(file.text)] as const).filter(([, lines]) => lines > FILE_LIMIT),
  );
}

export function oversizeFunctions(files: readonly SourceFile[]): Oversize {
  const found: Oversize = {};
  for (const file of files) {
    const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
    visit(tree, (node) => {
      const lines =
        tree.getLineAndCharacterOfPosition(node.end).line -
        tree.getLineAndCharacterOfPosition(node.getStart()).line +
        1;
      if (lines > FUNCTION_LIMIT) found[`${file.path}#${nameOf(node)}`] = lines;
    });
  }
  return found;
}

function visit(node: ts.Node, onFunction: (node: ts.FunctionLikeDeclaration) => void): void {
  if (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node)
  )
    onFunction(node);
  ts.forEachChild(node, (child) => visit(child, onFunction));
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (node.name) return node.name.getText();
  return ts.isVariableDeclaration(node.parent)
    ? node.parent.name.getText()
    : `line ${node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}
