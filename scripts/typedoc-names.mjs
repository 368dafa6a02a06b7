// For typedoc: what is declared as `Snapshot` or `typeof fetch` is shown so. TypeScript forgets the names of types
// that are inferred from a schema, and typedoc would show all that is in them at every place that names one. Those
// types have the tag `useDeclaredType`.

import { Converter } from 'typedoc'
import ts from 'typescript'

export function load({ converter }) {
  converter.on(Converter.EVENT_CREATE_SIGNATURE, (context, signature, declaration) => {
    rename(context, signature, declaration?.type)
    const within = context.withScope(signature)
    const parameters = signature.parameters ?? []
    parameters.forEach((parameter, n) => rename(within, parameter, declaration?.parameters[n]?.type))
  })
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, property) => {
    const declaration = context.getSymbolFromReflection(property)?.valueDeclaration
    if (declaration && ts.isPropertySignature(declaration)) rename(context, property, declaration.type)
  })
}

/** Converts a type anew, from how it is written. */
function rename(context, reflection, written) {
  if (written === undefined || reflection.type === undefined || !losesItsName(context, written)) return
  context.project.removeTypeReflections(reflection.type)
  reflection.type = context.converter.convertType(context.withScope(reflection), written)
}

function losesItsName(context, node) {
  if (ts.isTypeQueryNode(node)) return true
  if (ts.isTypeReferenceNode(node)) {
    const symbol = context.getSymbolAtLocation(node.typeName)
    const [declaration] = (symbol && context.resolveAliasedSymbol(symbol).declarations) ?? []
    const tags = declaration === undefined ? [] : ts.getJSDocTags(declaration)
    if (tags.some(({ tagName }) => tagName.text === 'useDeclaredType')) return true
  }
  return ts.forEachChild(node, (child) => losesItsName(context, child)) ?? false
}
