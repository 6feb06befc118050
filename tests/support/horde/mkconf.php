<?php // write the defaults out of an application's conf.xml (only what a test server needs)
function walk($n, &$o) { foreach ($n->children() as $c) { $t = $c->getName(); $name = (string)$c['name'];
  if ($t == 'configtab' || $t == 'configdescription' || $t == 'configheader') { walk($c, $o); }
  elseif ($t == 'configsection') { if (!isset($o[$name])) $o[$name] = []; walk($c, $o[$name]); }
  elseif ($t == 'configswitch') { $v = trim((string)$c); $o[$name] = conv($v); foreach ($c->children() as $k) if ($k->getName() == 'case' && (string)$k['name'] == $v) walk($k, $o); }
  elseif (strpos($t, 'config') === 0 && $name !== '') { $v = trim(preg_replace('/\s+/', ' ', (string)$c)); if ($t == 'configmultienum' || $t == 'configlist' || $t == 'configstringlist') { $v = array_filter(array_map('trim', explode(',', $v))); $o[$name] = array_values($v); } else $o[$name] = conv($v); } } }
function conv($v) { return $v === 'true' ? true : ($v === 'false' ? false : (is_numeric($v) && strlen($v) < 9 ? $v + 0 : $v)); }
[$me, $dir] = $argv; $o = []; $doc = new DOMDocument; $doc->load("$dir/conf.xml", LIBXML_NOENT); walk(simplexml_import_dom($doc), $o);
file_put_contents("$dir/conf.php", "<?php\n\$conf = " . var_export($o, true) . ";\n");
