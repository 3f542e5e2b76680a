"""Titles as an enemy, or a careless site, would write them."""

LONG = "Die außergewöhnlichen Abenteuer der Donaudampfschifffahrtsgesellschaftskapitänin " * 5

HOSTILE = (
    "<script>console.error('executed')</script>",
    "\"><img src=x onerror=console.error('executed')>",
    "' onmouseover='console.error(1)' x='",
    "</title></script><svg onload=console.error('executed')>",
    "{{ 7 * 7 }} ${7 * 7} {% raw %} %(name)s {count}",
    "\u202egnp.exe\u202c \u2066isolated\u2069 e\u0301\u0301\u0301\u0301",
    LONG[:400],
    "javascript:console.error('executed')//",
)
