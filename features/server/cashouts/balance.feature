@server @cashouts
Feature: Cashouts draw on the balance

  # A provider may take a fee from the balance, so what must be accepted leaves room for one.
  @CASH-BAL-01 @must @alone
  Rule: no cashout goes beyond the balance

    Scenario Outline: a cashout of <amount> on a balance of 100, in the <place>
      Given calls to the <place>
      And a balance of 100
      When a cashout of <amount> is requested
      Then it was refused because of the balance
      And no cashout has its external id
      And a cashout of 90 is accepted, and one of 20 refused because of the balance

      Examples:
        | amount | place             |
        | 100.01 | every place       |
        | 101    | first environment |
        | 1000   | first environment |

    Scenario Outline: a cashout of <amount> that is on hold from its creation, on a balance of 100
      Given a balance of 100
      When a cashout of <amount> that is on hold is requested
      Then it was refused because of the balance
      And a cashout of 90 is accepted, and one of 20 refused because of the balance

      Examples:
        | amount |
        | 100.01 |
        | 1000   |

    # As whole cents the first has more than 31 bits and the second more than 32.
    Scenario Outline: a cashout of <amount>, far beyond a balance of 100
      Given a balance of 100
      When a cashout of <amount> is requested
      Then it was refused
      And a cashout of 90 is accepted, and one of 20 refused because of the balance

      Examples:
        | amount      |
        | 21474837.48 |
        | 42949673.96 |

    Scenario: a cashout of 100.01 as text, on a balance of 100
      Given a balance of 100
      When a cashout of 100.01 is requested, with its amount as text
      Then it was refused
      And a cashout of 90 is accepted, and one of 20 refused because of the balance

    Scenario: what is left, and a cent more
      Given a balance of 200
      When a cashout of 100 is requested
      And a cashout of 100.01 is requested
      Then the first was accepted and the last refused because of the balance

    Scenario: cents count
      Given a balance of 100
      When a cashout of 33.99 is requested
      And a cashout of 33.99 is requested
      And a cashout of 33.99 is requested
      Then the first was accepted and the last refused because of the balance

    # A hundred times these is not what it seems to a program that counts in binary fractions.
    Scenario Outline: a cashout of <amount>, a cent more than a balance of <balance>
      Given a balance of <balance>
      When a cashout of <amount> is requested
      Then it was refused because of the balance

      Examples:
        | amount  | balance |
        | 128.14  | 128.13  |
        | 256.03  | 256.02  |
        | 1130.06 | 1130.05 |

    Scenario Outline: a cashout of <amount> gives nothing
      Given a balance of 100
      When a cashout of <amount> is requested
      And a cashout of 100.01 is requested
      Then the last was refused because of the balance

      Examples:
        | amount |
        | -60    |
        | 0      |

    Scenario Outline: two cashouts of <amount> on a balance of <balance>
      Given a balance of <balance>
      When a cashout of <amount> is requested, where the target takes one
      And a cashout of <amount> is requested
      Then the first was accepted and the last refused because of the balance

      Examples:
        | amount    | balance |
        | 60.99     | 120     |
        | 999.99    | 1500    |
        | 1500      | 2500    |
        | 12345.67  | 20000   |
        | 250000.50 | 400000  |

    Scenario Outline: the amount of a cashout that is <status> is not there any more
      Given a balance of 100
      When a cashout of 60 is requested and <done>
      And a cashout of 40.01 is requested
      Then the first was accepted and the last refused because of the balance

      Examples:
        | status    | done                          |
        | pending   | left alone                    |
        | on hold   | put on hold                   |
        | on hold from its creation | put on hold at its creation |
        | let go on | put on hold and let go on     |
        | delivered | delivered                     |
        | completed | completed                     |
        | delivered, and asked to be cancelled | delivered and cancelled          |
        | delivered, and asked to be held      | delivered and asked to be held   |
        | completed, and asked to be cancelled | completed and cancelled          |
        | completed, and asked to be held      | completed and asked to be held   |
        | on hold, and asked to be held again  | put on hold and asked to be held |

    Scenario Outline: a cashout that is <changes> gives nothing twice
      Given a balance of 100
      When a cashout of 60 is requested and <changes>
      And a cashout of 100.01 is requested
      Then the first was accepted and the last refused because of the balance

      Examples:
        | changes                                   |
        | cancelled twice                           |
        | cancelled 10 times at once                |
        | put on hold and cancelled twice           |
        | put on hold, let go on and cancelled      |
        | rejected                                  |
        | rejected and cancelled                    |
        | rejected and asked to be held             |
        | cancelled and asked to be held            |

    @observed
    Scenario: when the amount of a cancelled cashout comes back
      Given a balance of 150
      When a cashout of 100 is requested and cancelled
      And a cashout of 100 is requested
      Then whether all of them were accepted is reported as AMB-49

    Scenario: refused cashouts take nothing from the balance
      Given a balance of 100
      When cashouts of 50 are requested with every fault for which they are refused
      Then none of them was accepted
      And a cashout of 90 is accepted, and one of 20 refused because of the balance

    Scenario: cashouts at once
      Given a balance of 100
      When 12 cashouts of 30 are requested at once
      Then at most 3 of them were accepted
      And a cashout of 20 is refused because of the balance

  @PANEL-09 @must @alone
  Rule: creating and approving a deposit cures insufficient funds

    Scenario: a deposit is created and approved
      Given a balance of 0
      When a cashout of 10 is requested
      And a deposit of 1000 is created and approved
      And a cashout of 10 is requested
      Then the first was refused because of the balance and the last accepted
