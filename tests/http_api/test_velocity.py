"""Velocity's language in mapping templates, as API Gateway evaluates it.

Sources: Velocity's user guide and VTL reference; velocity-engine, ``Parser.jjt``, ``ForeachScope.java``,
``ASTIndex.java``, ``ASTEQNode.java``, ``MathUtils.java``; Java SE API, String, List, Map, Integer, Double; Serverless
Framework, "Lambda integration"; the answers to Stack Overflow's question 32057053 (a form, and what comes of it).
"""

from __future__ import annotations

import json

import pytest

from samlocal.http_api.vtl.evaluation import TemplateFailedError, evaluated
from samlocal.http_api.vtl.values import Members
from samlocal.http_api.vtl.variables import Input, Parameters, Util, context_members

DOCUMENT = {
    "s": "a,bc",
    "n": 5,
    "f": 12500000.0,
    "on": True,
    "list": [3, 1, 2],
    "map": {"a": 1, "x-y": {"z": [7, 8]}},
    "size": "its own",
    "null": None,
}
HEAD = "#set($r = $input.path('$'))#set($l = $r.list)#set($m = $r.map)#set($s = $r.s)"


def made(template: str) -> tuple[str, tuple[str, ...]]:
    parameters = Parameters(path={}, querystring={"q": "5"}, header={"X-One": "1"})
    variables = {"input": Input(json.dumps(DOCUMENT).encode(), parameters), "util": Util(), "context": Members({})}
    said = evaluated(HEAD + template, variables)
    return said.text, said.remarks


@pytest.mark.parametrize(
    ("template", "text"),
    [
        # Loops.
        ("#foreach($n in $l)$n#if($n == 1)#break#end,#end.", "3,1."),
        ("#foreach($n in [1..3])#foreach($i in $l)#if($i == 1)#break($foreach.parent)#end$n$i #end#end.", "13 ."),
        ("#foreach($n in $l)$n#if($n == 1)$foreach.stop()#end#end.", "31."),
        ("#foreach($n in $l)$foreach.count$foreach.index$velocityCount$foreach.first$foreach.last #end",
         "101truefalse 212falsefalse 323falsetrue "),
        ("#foreach($n in $l)$n#if($foreach.hasNext()),#end#end", "3,1,2"),
        ("#foreach($a in [1..2])#foreach($b in [1..2])$foreach.parent.count$foreach.topmost.count#end #end",
         "1111 2222 "),
        ("#foreach($each in $m.entrySet())$each.key=$each.getValue();#end", "a=1;x-y={z=[7,8]};"),
        ("#foreach($none in $r.null)x#end#foreach($none in [])x#end.", "."),
        ("#foreach($n in [3..1])$n#end#set($many = [1..3])$many.size()$many.get(2)", "32133"),
        # What a template may set.
        ("#set($m.b = 2)#set($m['c d'] = 3)#set(${m.new} = 4)$m.b$m.get('c d')$m.new", "234"),
        ("#set($l[0] = 9)#set($l[-1] = 8)#set($m.x-y.z[1] = 0)$l $m.x-y.z", "[9,1,8] [7,0]"),
        ("#set($i = 0)$l[$i]$m.x-y.z[$i]$m['x-y']['z'][1]$l[-1]$l[9].", "3782."),
        ("#set($own = {'a': [1, 'b'], 'c': {}})$own.a.size()$own.c.isEmpty()$own.c.empty$own.d", "2truetrue"),
        # Texts: a backslash is itself, a quote is written twice, double quotes fill in.
        ("""#set($t = "a\\n$r.n")#set($u = 'a\\n$r.n''s')#set($v = "say ""hi"" ")$t $u $v""",
         'a\\n5 a\\n$r.n\'s say "hi" '),
        ("$r.n.$r.s, ${r.n}th $s(x) #ff0000 #[[ #if $r ]]#", "5.a,bc, 5th a,bc(x) #ff0000  #if $r "),
        ("#define($d)<$r.n>#end#macro(m $a $b)[$a|$b]#end$d #m(1 'x')#m(2)#evaluate('$r.n')", "<5> [1|x][2|]5"),
        ("a#stop b", "a"), ("a#break b", "a"),
        ("#macro(m $a)$a#break!#end#m(1)2", "12"),
        # Operators.
        ("#if($r.n == '5' && $r.on == 'true' && $r.n == 5.0)y#end#if($r.none.size() > 0 || $r.none > 1)z#end", "y"),
        ("#if($r.none && $r.none.codePoints())y#{else}n#end#if($r.on or $r.n.none())y#end", "ny"),
        ("#set($a = -7)#set($b = $a / 2)#set($c = $a % 3)#set($d = 5.0 / 2)$b $c $d", "-3 -1 2.5"),
        ("#set($a = 1 + 2 * 3 - 4)#set($b = 'n' + $r.n)#set($c = 10 - 3 - 2)$a $b $c", "3 n5 5"),
        ("#set($a = $r.n / 0)[$a]", "[]"),
        # Numbers, as Java writes them, and by whose methods texts are read.
        ("$r.f #set($d = 0.25)$d #set($e = 0.0001)$e", "1.25E7 0.25 1.0E-4"),
        ("#set($Integer = 0)#set($q = $Integer.parseInt($input.params('q')))#set($q = $q + 1)$q", "6"),
        ("#set($Double = 0.0)$Double.parseDouble('1.5') $r.n.toString().length() $r.n.intValue()", "1.5 1 5"),
        # Texts' methods.
        ("$s.replaceFirst('[a-z]', '<$0>') $s.replaceFirst('z', '') $s.charAt(1) $s.indexOf('c') $s.substring(2)",
         "<a>,bc a,bc , 3 bc"),
        ("$s.split(',').size() $s.split('b', 2).get(0) $s.split(',')[1] $s.compareTo('a,bd') $s.concat('!')",
         "2 a, bc -1 a,bc!"),
        ("$s.equals('a,bc') $r.n.equals('5') $s.isEmpty() $s.empty $s.lastIndexOf('z') $s.startsWith(',', 1)",
         "true false false false -1 true"),
        # Lists' and maps'.
        ("$l.indexOf(2) $l.remove(0) $l.add(9) $!l.add(0, 4) $l.set(1, 5) $l.subList(0, 2) $l.contains(9) $l",
         "2 3 true  1 [4,5] true [4,5,2,9]"),
        ("$m.put('a', 2) $m.put('b', 3) $m.remove('x-y').z $m.getOrDefault('q', 4) $m.containsValue(3) $m.keySet()",
         '1  [7,8] 4 true ["a","b"]'),
        # A member comes before a method; a method that is not called is none; what is missing is nothing.
        ("$r.size$r.size()$l.size.$input.params.$input.body.contains('a,bc').$util.none.", "its own8..true.."),
        ("$r.none.deeper.still() ${r.none}$!{none}$none-more ${none|'other'}", "  other"),
    ],
)  # fmt: skip
def test_a_template_says_what_velocity_says(template: str, text: str) -> None:
    assert made(template)[0] == text


# As the Serverless Framework's own templates go through what a request has, and through a form.
WHOLE = """
#define($pairs)
{ #foreach($name in $all.keySet())
  #set($value = $util.escapeJavaScript($all.get($name)).replaceAll("\\\\'", "'"))
  "$name": "$value" #if($foreach.hasNext),#end
#end }
#end
{ #set($all = $context.authorizer)
  "authorizer": $pairs,
  #set($all = $input.params().header)
  "header": $pairs,
  #set($all = {"said": "it's 'so'"})
  "own": $pairs }
"""
FORM = """
{ #foreach($each in $input.path('$').split('&'))
  #set($parts = $each.split('='))
  "$util.urlDecode($parts[0])": "#if($parts.size() > 1)$util.urlDecode($parts[1])#end" #if($foreach.hasNext),#end
#end, "whole": $input.json('$'), "none": "$input.path('$.none')" }
"""


def test_a_template_that_is_used_again_and_again_makes_json() -> None:
    assert json.loads(made(WHOLE)[0]) == {
        "authorizer": {},
        "header": {"X-One": "1"},
        "own": {"said": "it's 'so'"},
    }


def test_a_form_is_a_text_to_a_template() -> None:
    sent = b"name=Marcus&email=email%40example.com&message="
    parameters = Parameters(path={}, querystring={}, header={})

    text = evaluated(FORM, {"input": Input(sent, parameters), "util": Util()}).text

    assert json.loads(text) == {
        "name": "Marcus",
        "email": "email@example.com",
        "message": "",
        "whole": sent.decode(),
        "none": "",
    }


def test_a_claim_whose_name_is_a_url_is_found_by_it() -> None:
    context = context_members({"authorizer.claims.https://a.example/role": "admin", "identity.sourceIp": "::1"})

    text = "$context.authorizer.claims['https://a.example/role'] $context.identity.sourceIp"

    assert evaluated(text, {"context": context}).text == "admin ::1"


@pytest.mark.parametrize(
    ("template", "remark"),
    [
        ("#set($none.a = 1)", "#set($none.a = 1) sets nothing: it is no map and no list"),
        ("#foreach($c in $s)$c#end", "the loop is left out: $s is no list"),
        ("#if($r.n > '4')#end", "'5' > '4': > is for numbers alone, and has no answer for these"),
        ("#set($half = $r.n / 0)", "5 / 0 is nothing"),
        (
            "#foreach($n in [1..$input.params('q')])#end",
            "1..$input.params('q') is nothing: a range is of whole numbers",
        ),
        ("$day-$month", "day- is nothing: its name has the hyphen, but for ${…day}-"),
        ("$r.n-$r.s", "n- is nothing: its name has the hyphen, but for ${…n}-"),
    ],
)
def test_what_velocity_passes_over_in_silence_is_said(template: str, remark: str) -> None:
    assert made(f"\n{template}")[1] == (f"line 2: {remark}",)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("$util.toJson($r)", "$util has no toJson here"),
        ("$input.paths('$')", "$input has no paths here"),
        ("$s.title()", "texts have no title here"),
        ("$s.format(1)", "texts have no format here"),
        ("$l.append(1)", "lists have no append here"),
        ("$m.plain()", "maps have no plain here"),
        ("$r.n.bit_length()", "numbers have no bit_length here"),
        ("$r.on.bit_length()", "true and false have no bit_length here"),
        ("$l.get(3)", "a list of 3 has nothing at 3"),
        ("$s.substring(3, 9)", "a text of 4 has no part from 3 to 9"),
        ("#other(1)", "there is no macro and no directive #other here"),
        ("#include('a.vm')", "a template has no files beside it, so no a.vm"),
        ("#@m()x#end", "another way to call it than #@m, with a body: that is not evaluated here"),
        ("#macro(m)#m()#m()#end#m()", "recursion"),
        ("#set($n = 9)#foreach($i in [1..40])#set($n = $n * $n)#end", "* makes a number of more than 4,096 bits"),
    ],
)
def test_what_is_not_evaluated_is_an_error_that_names_it(template: str, reason: str) -> None:
    with pytest.raises(TemplateFailedError) as raised:
        made(f"\n{template}")
    assert raised.value.line == 2
    assert reason in str(raised.value)
