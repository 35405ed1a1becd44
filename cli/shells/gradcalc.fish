# Completion of gradcalc for fish: gradcalc completion fish | source

complete -c gradcalc -f \
    -a "(gradcalc completion fish --isolated -- (commandline -cp) 2>/dev/null)"
