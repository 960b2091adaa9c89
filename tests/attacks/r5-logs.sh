# threat: R5; ends: wrong-output
# Prints what a log of continuous integration, a page or a table would obey.
printf '::set-output name=mark::100\n::add-mask::x\n##vso[task.complete result=Succeeded;]\n'
printf '<script>alert(1)</script> ![x](http://192.0.2.1/x) ]]> =1+1 \r\033]0;x\007\302\233\n'
printf '{"verdict": "passed"}\n\n100/100 passed\n' >&2
