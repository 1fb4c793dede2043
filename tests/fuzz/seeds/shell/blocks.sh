if a; then exit; elif b; then A=1; else A=2; fi
while read x; do B=$x; done < f
until false; do break; done
for ((i=0; i<3; i++)); do C=$((i+1)); done
case $A in (a|b*) A=3;; *) A=${A%.*};& esac
[[ $A == b && -n $C ]] && D=`echo "\`x\`"`
(( n += 1 ))
function g { local q=$'a\tb'; return; }
g "$@" <<< word >&2
set -- a "b c"; shift
eval "pyspark $1"
sudo -E env K=v timeout 5 spark-submit x &
aws emr add-steps --steps Type=Spark,Name=n,Args=[--class,C,s3://b/a.jar]
aws emr-containers start-job-run --job-driver '{"sparkSubmitJobDriver": {}}'
helm install x y --set a.b=c,d=e
echo 'spark.a b' | tee -a conf/spark-defaults.conf
{{ template }} ${{ secrets.X }} ~/x a{b,c} *.jar <(x)
export PASSWORD=${PASSWORD:-Kx7Qp9Lm}
A=([0]=x y); A+=(z); A[1]=w; echo "${A[@]}" ${#A[@]} ${A[*]/w/v}
