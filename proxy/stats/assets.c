/* assets.c - the dashboard's style sheet and script, put into the program by the assembler. */
#include "stats/assets.h"

/* Paths are relative to the root of the source tree, where make runs the compiler. */
#define ASSET(name, file)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		".type asset_" #name ", @object\n"                                                 \
		"asset_" #name ": .incbin \"proxy/stats/assets/" file "\"\n"                       \
		".type asset_" #name "_end, @object\n"                                             \
		"asset_" #name "_end: .byte 0\n"                                                   \
		".previous\n");                                                                    \
	extern const char asset_##name[], asset_##name##_end[]

ASSET(dashboard_css, "dashboard.css");
ASSET(dashboard_js, "dashboard.js");

/* Two labels of one object of the assembler: as numbers, since C knows two objects. */
static struct str between(const char *from, const char *to)
{
	return (struct str){ from, (uintptr_t)to - (uintptr_t)from };
}

struct str asset_css(void)
{
	return between(asset_dashboard_css, asset_dashboard_css_end);
}

struct str asset_js(void)
{
	return between(asset_dashboard_js, asset_dashboard_js_end);
}
