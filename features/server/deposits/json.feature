@server @deposits
Feature: Deposits speak JSON in UTF-8

  @DEP-CT-01 @must
  Rule: requests and answers are JSON

    Scenario Outline: the answer to a <request> request, with the id of a deposit
      Given a <request> request that the server accepts
      Then its answer is JSON
      And its status is reported as AMB-27
      And the form of its id is reported as AMB-29

      Examples:
        | request        |
        | deposit        |
        | hosted deposit |

    Scenario: the answer to a refund request, with the id of a refund
      Given a refund request that the server accepts
      Then its answer is JSON
      And the form of its id is reported as AMB-29

    Scenario Outline: the answer to a <request> request
      Given a <request> request that the server accepts
      Then its answer is JSON

      Examples:
        | request         |
        | deposit status  |
        | refund status   |
        | payment methods |
        | exchange rates  |
        | banks           |

    Scenario Outline: the answer to a deposit request that <fault>
      Given a deposit request that the server accepts
      When only its <change>
      Then its refusal is JSON

      Examples:
        | fault                  | change                                           |
        | has a wrong signature  | signature has its last digit changed             |
        | comes from a stranger  | X-Login is ours with its last character changed  |
        | is an hour old         | X-Date is moved 3600 seconds into the past       |
        | is not whole           | body is cut in half                              |

    Scenario: a body that is not JSON
      Given a deposit request that the server accepts
      When only its body is cut in half
      Then it is refused

  @NOTIF-04 @must
  Rule: text is UTF-8

    Scenario Outline: a payer called <name>
      Given a deposit request that the server accepts
      When only its payer is called "<name>"
      Then it is accepted

      Examples:
        | name              |
        | José Ñuñez 李     |
        | Ana 🌸 / "Aninha" |
        | Łukasz <&> O'Neil |

    Scenario: the status of a deposit whose payer lives in São Paulo
      Given a deposit status request that the server accepts
      Then its answer is JSON in UTF-8

    Scenario: a name that is escaped, and signed as it is escaped
      Given a deposit request that the server accepts
      When only its letters beyond ASCII are escaped
      Then it is accepted
